import { handleSignIn } from '@logto/next/server-actions';
import { redirect } from 'next/navigation';
import { config } from '../../settings.js';

export async function GET(request) {
  try {
    await handleSignIn(config, request.nextUrl.searchParams);
  } catch (error) {
    return new Response(error.message, { status: 400 });
  }
  redirect('/');
}
